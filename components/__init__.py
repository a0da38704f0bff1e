"""Explanation in, picture out: no TensorFlow here, and of `models` only the contract."""
