"""Objectives of other libraries' models, each equal to the library's own loss. No library is imported for others."""

from explorer.integrations.deepxde_models import deepxde
from explorer.integrations.lightning_modules import lightning
from explorer.integrations.recording_callbacks import hugging_face_callback, lightning_callback
from explorer.integrations.token_batches import hugging_face

__all__ = ["deepxde", "hugging_face", "hugging_face_callback", "lightning", "lightning_callback"]
