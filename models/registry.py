"""The architectures a checkpoint may name."""

_SPEECH = {
    "bilstm-last": "BiLSTMLast",
    "bilstm-mean": "BiLSTMMean",
    "bilstm-keras-attention": "BiLSTMKerasAttention",
    "bilstm-query": "BiLSTMQuery",
    "bilstm-raffel": "BiLSTMRaffel",
    "bilstm-hops": "BiLSTMHops",
    "bilstm-per-step": "BiLSTMPerStep",
    "mha-bilstm": "MultiHeadBiLSTM",
}
_TEXT = {
    "rcnn": "RCNN",
    "rcnn-one-step": "RCNNOneStep",
    "rcnn-attention": "RCNNAttention",
    "mha-residual": "MultiHeadResidual",
}
NAMES = ("attentive-speech", "whisper-speech", "label-attention", *_SPEECH, *_TEXT)


def _architectures():
    from models import speech_systems, text_systems
    from models.speech import AttentiveSpeechNetwork
    from models.text import LabelAttentionNetwork
    from models.whisper_speech import WhisperSpeechNetwork

    return (
        {
            "attentive-speech": AttentiveSpeechNetwork,
            "whisper-speech": WhisperSpeechNetwork,
            "label-attention": LabelAttentionNetwork,
        }
        | {name: getattr(speech_systems, network) for name, network in _SPEECH.items()}
        | {name: getattr(text_systems, network) for name, network in _TEXT.items()}
    )


def __getattr__(name):
    # Listing checkpoints needs the names only; TensorFlow is imported when a network is built.
    if name == "ARCHITECTURES":
        return _architectures()
    raise AttributeError(name)
