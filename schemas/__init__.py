"""The nouns of the project, and the JSON Schemas generated from them.

Everything that crosses a process or file boundary is one of these types. Bottom of the house:
imports pydantic, jsonschema and the standard library only.
"""
