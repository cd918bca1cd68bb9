"""Moves bytes through buffers that grow, are cut, compressed and joined: blocks from 1 KB to some MB."""
import random
import zlib
from array import array

random.seed(4)
shelf = []
for turn in range(400):
    buffer = bytearray()
    goal = int(1024 * 2 ** random.uniform(0, 11.5))
    while len(buffer) < goal:
        buffer += random.randbytes(32) * random.randint(16, 512)
    packed = zlib.compress(buffer, 1)
    numbers = array("I")
    numbers.frombytes(buffer[: len(buffer) // 4 * 4])
    numbers.extend(numbers[: len(numbers) // 2])
    shelf.append((bytes(buffer[len(buffer) // 3 :]), packed, numbers))
    if len(shelf) > 9:
        del shelf[random.randrange(len(shelf))]
joined = b"".join(zlib.decompress(packed) for _, packed, _ in shelf)
print(len(joined), sum(len(numbers) for _, _, numbers in shelf))
