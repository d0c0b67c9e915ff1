#!/usr/bin/env python3
"""An agent outside empire, with nothing but the websockets package.

It takes tasks of the type word_count, answers service requests in the same way and
acknowledges messages. Every task is done once: results are remembered by task id,
in a file if EMPIRE_AGENT_STATE names one, and a task that comes again gets the same
answer. The connection is made again whenever it breaks.

    EMPIRE_URL           http://127.0.0.1:8080
    EMPIRE_API_KEY       an API key of the agent's owner
    EMPIRE_AGENT_ID      the id that the agent was registered with
    EMPIRE_AGENT_STATE   a file; without it results are forgotten at the end
"""

import asyncio
import collections
import json
import os
import random
import signal
import sys
import uuid

import websockets

URL = os.environ.get("EMPIRE_URL", "http://127.0.0.1:8080").rstrip("/")
KEY = os.environ.get("EMPIRE_API_KEY", "")
AGENT = os.environ.get("EMPIRE_AGENT_ID", "word_counter")
STATE = os.environ.get("EMPIRE_AGENT_STATE", "")
INSTANCE = "py-" + uuid.uuid4().hex  # this run of the program


class Fault(Exception):
    """Why a task has no result."""

    def __init__(self, code, message):
        super().__init__(message)
        self.code = code


async def word_count(params, progress):
    """Counts words; pause_seconds makes it as slow as real work."""
    text = params.get("text")
    if not isinstance(text, str):
        raise Fault("invalid", "The parameter text is missing.")
    pause = float(params.get("pause_seconds", 0))
    for step in range(10):
        await progress(step, 10)
        await asyncio.sleep(pause / 10)
    words = collections.Counter(text.lower().split())
    return {"words": sum(words.values()), "most_common": words.most_common(3)}


WORK = {"word_count": word_count}


class Memory:
    """Results by task id, newest last."""

    def __init__(self, path, limit=10_000):
        self.path, self.limit, self.results = path, limit, {}
        if path and os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                for line in file:
                    try:
                        entry = json.loads(line)
                    except ValueError:  # cut off when the program died
                        continue
                    self.results[entry["task_id"]] = entry

    def get(self, task_id):
        return self.results.get(task_id)

    def put(self, answer):
        self.results[answer["task_id"]] = answer
        while len(self.results) > self.limit:
            self.results.pop(next(iter(self.results)))
        if self.path:
            with open(self.path, "a", encoding="utf-8") as file:
                file.write(json.dumps(answer) + "\n")
                file.flush()
                os.fsync(file.fileno())


class Agent:
    def __init__(self):
        self.memory = Memory(STATE)
        self.offset = ""  # of the last event
        self.running = set()  # task ids
        self.jobs = set()  # asyncio tasks
        self.seen = collections.OrderedDict()  # messages that were handled
        self.socket = None

    async def send(self, kind, data, frame_id=""):
        frame = {"type": kind, "data": data}
        if frame_id:
            frame["id"] = frame_id
        socket = self.socket
        if socket is None:
            return  # the answer is remembered, and asked for again
        try:
            await socket.send(json.dumps(frame))
        except websockets.ConnectionClosed:
            pass

    def start(self, work):
        job = asyncio.get_running_loop().create_task(work)
        self.jobs.add(job)
        job.add_done_callback(self.jobs.discard)

    async def do(self, kind, params, task_id):
        """Does one piece of work and returns {"result"} or {"error"}."""

        async def progress(done, total):
            if task_id:
                await self.send("progress", {"task_id": task_id, "done": done, "total": total})

        try:
            if kind not in WORK:
                raise Fault("unsupported_task_type", "This agent takes " + ", ".join(WORK) + ".")
            return {"result": await WORK[kind](params, progress)}
        except Fault as fault:
            return {"error": {"code": fault.code, "message": str(fault)}}
        except Exception as fault:  # a bug here must not end the agent
            return {"error": {"code": "internal", "message": f"{type(fault).__name__}: {fault}"}}

    async def task(self, data):
        task_id = data["task_id"]
        answer = self.memory.get(task_id)
        if answer is None:
            if task_id in self.running:
                return  # the answer comes when it is done
            self.running.add(task_id)
            log("task begun", task_id)
            answer = {"task_id": task_id, **await self.do(data["type"], data.get("params") or {}, task_id)}
            self.memory.put(answer)
            self.running.discard(task_id)
            log("task done", task_id)
        await self.send("task_result", answer, "result-" + task_id)

    async def serve(self, frame):
        request = frame["data"].get("request") or {}
        answer = await self.do(request.get("type", "word_count"), request, "")
        reply = {"request_id": frame["id"]}
        if "result" in answer:
            reply["response"] = answer["result"]
        else:
            reply["error"] = answer["error"]
        await self.send("service_response", reply, frame["id"])

    async def message(self, data):
        if data["id"] not in self.seen:
            self.seen[data["id"]] = True
            if len(self.seen) > 10_000:
                self.seen.popitem(last=False)
            log("message from", data["from"])
        await self.send("message_received", {"message_id": data["id"]})

    async def frame(self, frame):
        kind, data = frame.get("type"), frame.get("data") or {}
        if kind == "hello":
            self.offset = data["last_offset"]
            log("connected as", data["agent_id"])
        elif kind == "task":
            self.start(self.task(data))
        elif kind == "service_request":
            self.start(self.serve(frame))
        elif kind == "message":
            await self.message(data)
        elif kind == "event":
            self.offset = frame.get("id") or self.offset
        elif kind == "error":
            log("refused:", data.get("message"))

    async def run(self):
        address = f"{URL.replace('http', 'ws', 1)}/ws/agents/{AGENT}?instance={INSTANCE}"
        headers = {"Authorization": "Bearer " + KEY}
        name = "additional_headers" if int(websockets.__version__.split(".")[0]) >= 14 else "extra_headers"
        pause = 0.25
        while True:
            try:
                options = {name: headers, "max_size": 16 << 20}
                async with websockets.connect(address + "&last_offset=" + self.offset, **options) as socket:
                    self.socket, pause = socket, 0.25
                    async for text in socket:
                        await self.frame(json.loads(text))
            except (OSError, websockets.WebSocketException, asyncio.TimeoutError) as fault:
                log("not connected:", fault)
            self.socket = None
            await asyncio.sleep(pause * random.uniform(0.5, 1.5))
            pause = min(pause * 2, 30)


def log(*words):
    print(*words, file=sys.stderr, flush=True)


async def main():
    agent = asyncio.get_running_loop().create_task(Agent().run())
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, agent.cancel)
    try:
        await agent
    except asyncio.CancelledError:
        pass


if __name__ == "__main__":
    if not KEY:
        sys.exit("EMPIRE_API_KEY is not set.")
    asyncio.run(main())
