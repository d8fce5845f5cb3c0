"""The story writer: from an idea over premise and outline to a finished long story, in steps."""
