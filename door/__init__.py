"""The door: makes the environment stand, then hands a command to the room that does it. Standard library only."""
