"""MidJourney in a Discord channel: its messages, our commands, and which picture answers which command."""
