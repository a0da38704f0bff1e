"""Several speech networks that answer as one."""

import keras
from keras import ops

from models.speech import AttentiveSpeechNetwork


@keras.saving.register_keras_serializable("earmark")
class AttentiveSpeechEnsemble(keras.Model):
    """Several networks whose probabilities are averaged, each of convolutions, stacked BiLSTMs and one trained query.

    A deep ensemble (Lakshminarayanan et al. 2017) of `AttentiveSpeechNetwork`s: networks that differ only in their
    seed err on different clips. Every member attends by itself, so the map has a row for each.

    Args:
        labels: number of labels L.
        members: number of networks.
        member: the other arguments of every `AttentiveSpeechNetwork`.

    Raises:
        ValueError: there is no member.

    Call arguments:
        features, mask, return_attention: as of a member.

    Returns:
        Probabilities `(batch, L)`; with `return_attention=True` also
        `{"universal_query": weights}` of shape `(batch, members, frames / step_frames)`.
    """

    attention_axes = {"universal_query": ("network", "step")}
    attention_descriptions = {
        "universal_query": "Several networks, trained apart, answer together. In each, one trained query looks at "
        "every moment of the clip; the weights say how much of each moment went into the summary that it reads the "
        "emotions from. Unless one network is chosen, their average is shown; that average is tested, too."
    }

    def __init__(self, labels, members=3, member=None, **kwargs):
        super().__init__(**kwargs)
        if members < 1:
            raise ValueError(f"An ensemble needs at least one network, not {members}.")
        self.members = [
            AttentiveSpeechNetwork(labels, **(member or {}), name=f"member_{i + 1}") for i in range(members)
        ]
        self.hyperparameters = {"labels": labels, "members": members}
        self.hyperparameters["member"] = {k: v for k, v in self.members[0].get_config().items() if k != "labels"}

    @property
    def step_frames(self):
        return self.members[0].step_frames

    @property
    def recurrent_before_attention(self):
        """Whether attention looks at what recurrent layers say."""
        return self.members[0].recurrent_before_attention

    @property
    def time_stages(self):
        """As of a member; all are alike."""
        return self.members[0].time_stages

    def build(self, input_shape):
        """Builds every member under its own name, which its variables are stored by."""
        for member in self.members:
            member(ops.ones((1, member.step_frames, input_shape[-1])))

    def call(self, features, mask=None, training=False, return_attention=False):
        states, mask = self.encode(self.embed(features), mask, training=training)
        probabilities, weights = self.attend(states, mask, training=training)
        return (probabilities, {"universal_query": weights}) if return_attention else probabilities

    def embed(self, features):
        """The continuous input that gradients are taken by: the features themselves."""
        return features

    def encode(self, embedded, mask=None, training=False):
        """What attention looks at, the members' states side by side.

        Returns:
            `(states, mask)`: float `(batch, steps, members * 2 * units)` and bool `(batch, steps)`.
        """
        encoded = [member.encode(embedded, mask, training=training) for member in self.members]
        return ops.concatenate([states for states, _ in encoded], axis=-1), encoded[0][1]

    def attend(self, states, mask=None, attention_weights=None, training=False):
        """Probabilities and attention weights `(batch, members, steps)`; given weights replace the members' own."""
        answers, weights = [], []
        for i, (member, own) in enumerate(
            zip(self.members, ops.split(states, len(self.members), axis=-1), strict=True)
        ):
            given = None if attention_weights is None else attention_weights[:, i]
            answer, used = member.attend(own, mask, attention_weights=given, training=training)
            answers.append(answer)
            weights.append(used)
        return ops.mean(ops.stack(answers), axis=0), ops.stack(weights, axis=1)

    def get_config(self):
        return dict(self.hyperparameters)
