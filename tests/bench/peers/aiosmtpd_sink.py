"""aiosmtpd, which accepts every message and drops it."""

import asyncio
import signal

from aiosmtpd.smtp import SMTP


class Sink:
    messages = 0

    async def handle_DATA(self, server, session, envelope):
        Sink.messages += 1
        return "250 ok"


async def main():
    handler = Sink()
    limit = 64 << 20
    server = await asyncio.get_running_loop().create_server(
        lambda: SMTP(handler, hostname="sink.example", data_size_limit=limit), "127.0.0.1", 0, backlog=4096
    )
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR2, lambda: print("counted", Sink.messages, flush=True))
    print("listening", server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(main())
