"""Rewrite the JSON Schemas: python -m schemas"""

from schemas.validate import FOLDER, generate

FOLDER.mkdir(exist_ok=True)
for name, text in generate().items():
    (FOLDER / name).write_text(text, "utf-8")
    print(FOLDER / name)
