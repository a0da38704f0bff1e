"""The architectures a checkpoint may name."""

NAMES = ("attentive-speech", "label-attention")


def _architectures():
    from models.speech import AttentiveSpeechNetwork
    from models.text import LabelAttentionNetwork

    return {"attentive-speech": AttentiveSpeechNetwork, "label-attention": LabelAttentionNetwork}


def __getattr__(name):
    # Listing checkpoints needs the names only; TensorFlow is imported when a network is built.
    if name == "ARCHITECTURES":
        return _architectures()
    raise AttributeError(name)
