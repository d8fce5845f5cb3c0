"""Three other ways to write the main job, small but decent, to compare ours with."""
