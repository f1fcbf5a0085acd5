"""Recognise, check and decode the supported formats of image files."""
