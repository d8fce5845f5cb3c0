"""The main job: one prompt in, a story and its picture out."""
