"""Four threads hand messages to each other through queues: what one allocates, another frees."""
import queue
import random
import threading

random.seed(2)
STOP = None


def source(out):
    for i in range(800):
        out.put({"id": i, "body": bytes(random.randint(20, 3000)), "parts": [str(i * k) for k in range(8)]})
    out.put(STOP)


def split(inbox, out):
    while (message := inbox.get()) is not STOP:
        for part in message["parts"]:
            out.put((message["id"], part + "-" + "x" * random.randint(1, 60), message["body"][: random.randint(1, 500)]))
    out.put(STOP)


def join(inbox, out):
    lines = []
    while (item := inbox.get()) is not STOP:
        lines.append("%06d %s %d" % (item[0], item[1], len(item[2])))
        if len(lines) == 64:
            out.put(lines)
            lines = []
    out.put(lines)
    out.put(STOP)


queues = [queue.Queue(maxsize=100) for _ in range(3)]
threads = [
    threading.Thread(target=source, args=(queues[0],)),
    threading.Thread(target=split, args=(queues[0], queues[1])),
    threading.Thread(target=join, args=(queues[1], queues[2])),
]
for thread in threads:
    thread.start()
longest = {}
while (lines := queues[2].get()) is not STOP:
    for line in lines:
        longest[line[:3]] = max(longest.get(line[:3], ""), line, key=len)
for thread in threads:
    thread.join()
print(len(longest))
