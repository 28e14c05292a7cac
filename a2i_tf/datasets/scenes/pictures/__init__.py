"""The pictures of the built-in world: one file per scene, `draw_picture` chooses."""
