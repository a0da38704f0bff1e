"""Earmark: what a neural network attended to in a voice clip or a text."""

import streamlit as st

from pages.common.shelf import warm_up

st.set_page_config(
    page_title="Earmark",
    page_icon="assets/icon.png",
    layout="wide",
    menu_items={"About": "**Earmark** shows what a neural network attended to in a voice clip or a text."},
)
st.logo("assets/logo.svg", size="large")

page = st.navigation(
    [
        st.Page("pages/speech.py", title="Speech", icon=":material/graphic_eq:", default=True),
        st.Page("pages/text.py", title="Text", icon=":material/article:"),
        st.Page("pages/compare.py", title="Compare", icon=":material/compare:"),
        st.Page("pages/rationales.py", title="Rationales", icon=":material/border_color:"),
        st.Page("pages/corpora.py", title="Corpora", icon=":material/library_books:"),
        st.Page("pages/saved.py", title="Saved", icon=":material/folder_open:"),
        st.Page("pages/checkpoints.py", title="Checkpoints", icon=":material/model_training:"),
    ],
    position="top",
)
# Little empty space above the title, as a projector shows few lines; tables wider than a phone scroll by themselves.
st.html(
    "<style>.stMainBlockContainer { padding-top: 4.5rem; padding-bottom: 3rem; max-width: 90rem; } "
    ".stMarkdown table { display: block; max-width: 100%; overflow-x: auto; }</style>"
)
st.session_state["app"] = True  # see `pages.common.within_app`
# The page comes first: loading TensorFlow goes on behind it.
warm_up()
page.run()
