"""An explanation saved as JSON, opened again: no network needed."""

import streamlit as st

from components.player import player
from components.reader import reader
from models import checkpoints
from models.errors import InputError
from models.explanation import Explanation
from pages.common import result, within_app
from pages.common.desk import Desk, Input

PAGES = {"speech": "pages/speech.py", "text": "pages/text.py"}
VIEWS = {"speech": player, "text": reader}

within_app()
st.title("Saved explanations")
st.caption(
    "Open a file that was saved with “Everything (JSON)”. It holds the input, the answer and the attention, so it is "
    "shown exactly as it was, without the network."
)


def open_file():
    given = st.session_state["saved-file"]
    if given is None:
        return
    st.session_state["saved-problem"] = ""
    try:
        explanation = Explanation.from_json(given.getvalue())
        result.require_drawable(explanation)
        st.session_state["saved"] = explanation
    except InputError as error:
        st.session_state["saved-problem"] = str(error)


st.file_uploader("A JSON file from Earmark", key="saved-file", on_change=open_file)
explanation = st.session_state.get("saved")
result.problem(st.session_state.get("saved-problem", ""), kept=explanation is not None)
if explanation is None:
    st.markdown("Nothing is open yet. Save one first, below a clip or a text:")
    with st.container(horizontal=True):
        st.page_link("pages/speech.py", label="Speech", icon=":material/graphic_eq:")
        st.page_link("pages/text.py", label="Text", icon=":material/article:")
else:
    result.verdict(explanation, None)
    VIEWS[explanation.modality](explanation, key="saved-view", can_predict=False)
    result.track(explanation)
    data = explanation.text if explanation.modality == "text" else explanation.sound
    here = {entry.name for entry in checkpoints.available(explanation.modality)}
    if data is not None and explanation.provenance.checkpoint in here:
        if st.button("Ask the network again, and change the input", icon=":material/replay:"):
            taken = Input("file", explanation.provenance.input_name, data)
            changes = explanation.changed
            if explanation.modality == "text":
                changes = [index for index, _ in changes]
            Desk.of(explanation.modality).ask(explanation.provenance.checkpoint, taken, changes)
            st.switch_page(PAGES[explanation.modality])
    result.reading_aid(explanation)
    result.downloads(explanation, key="saved")
    result.steps(explanation, key="saved")
