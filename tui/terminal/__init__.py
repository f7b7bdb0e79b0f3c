"""How the dashboard gets along with terminals: with few colours, slow ones, and ones that go."""
