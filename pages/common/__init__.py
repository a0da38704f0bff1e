"""What the pages share: the checkpoints kept ready, the state of a page, the parts of a result."""

import streamlit as st
from streamlit.runtime.pages_manager import PagesManager


def within_app() -> None:
    """First in every page: run it again, through app.py, where Streamlit has run the page's file alone.

    Until `st.navigation` has run once, Streamlit takes a folder called pages for the older kind of app, and runs the
    file that a link names without app.py, in every session that comes in meanwhile.
    """
    if "app" in st.session_state:
        return
    if "app-asked-for" not in st.session_state:
        st.session_state["app-asked-for"] = True
        PagesManager.uses_pages_directory = False
        st.rerun()
    st.error("This is a page of Earmark, which was started without the rest. Start it with: streamlit run app.py")
    st.stop()
