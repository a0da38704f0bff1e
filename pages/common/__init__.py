"""What the pages share: the checkpoints kept ready, the state of a page, the parts of a result."""

import streamlit as st
from streamlit.runtime.pages_manager import PagesManager

# Until `st.navigation` has run once, Streamlit takes a folder called pages for the older kind of app and
# runs the file that a link names without app.py. This import happens before anything is drawn.
if PagesManager.uses_pages_directory:
    PagesManager.uses_pages_directory = False
    st.rerun()
