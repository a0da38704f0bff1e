"""Everything that runs without Streamlit: front ends, networks, explanations, training."""

__version__ = "0.1.0"
