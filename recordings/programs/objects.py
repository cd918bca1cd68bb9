"""Builds records, writes and reads them as JSON, groups and sorts them: many small objects, lists that grow."""
import json
import random
import re

random.seed(1)
WORDS = ["".join(random.choices("abcdefghijklmnop", k=random.randint(3, 12))) for _ in range(400)]
records = [
    {"id": i, "name": " ".join(random.choices(WORDS, k=3)), "score": random.random(), "tags": random.choices(WORDS, k=4)}
    for i in range(1900)
]
text = json.dumps(records, indent=1)
records = json.loads(text)
by_tag = {}
for record in records:
    for tag in record["tags"]:
        by_tag.setdefault(tag, []).append(record["id"])
records.sort(key=lambda record: (record["name"], record["score"]))
longest = sorted(re.findall(r"[a-p]{9,}", text), key=len, reverse=True)
lines = []
for record in records:
    lines.append("%(id)d;%(name)s;%(score).6f" % record)
print(len(text), len(by_tag), len(longest), len("\n".join(lines)))
