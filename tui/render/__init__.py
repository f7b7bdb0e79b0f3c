"""Arrays to text: charts, pictures, bars and numbers, as Rich text and with no Textual in it."""
