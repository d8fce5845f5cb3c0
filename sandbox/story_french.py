"""The French sentences of sample stories."""

from sandbox.story_material import ENGLISH as FRENCH

__all__ = ["FRENCH"]
