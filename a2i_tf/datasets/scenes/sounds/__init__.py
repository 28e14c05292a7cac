"""The sounds of the built-in world: one file per scene, `render_sound` chooses."""
