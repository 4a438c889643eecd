"""The operations, one file a family. An op needs nothing outside its file."""
