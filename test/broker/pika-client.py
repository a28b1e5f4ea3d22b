"""Drives a broker with pika as a stranger would: python3 pika-client.py URL QUEUE. Prints what it saw as JSON."""

import json
import sys

import pika

url, queue = sys.argv[1:]
connection = pika.BlockingConnection(pika.URLParameters(url))
channel = connection.channel()
dead = queue + ".dead"
arguments = {
    "x-queue-type": "quorum",
    "x-delivery-limit": 1,
    "x-dead-letter-exchange": "",
    "x-dead-letter-routing-key": dead,
}
channel.queue_declare(dead, durable=True)
declared = channel.queue_declare(queue, durable=True, arguments=arguments)
channel.confirm_delivery()
seen = {"declared": [declared.method.queue == queue, declared.method.message_count]}


def refused(act):
    try:
        act()
    except pika.exceptions.UnroutableError as error:
        return ["unroutable", error.messages[0].method.reply_code, error.messages[0].method.reply_text]
    except pika.exceptions.ChannelClosedByBroker as error:
        return ["closed", error.reply_code, error.reply_text.replace(queue, "QUEUE")]
    return ["nothing was refused"]


properties = pika.BasicProperties(
    delivery_mode=2, headers={"count": 70000, "text": "grüße", "list": [1, None], "yes": True}, message_id="m"
)
channel.basic_publish("", queue, b"first", properties, mandatory=True)
seen["unroutable"] = refused(lambda: channel.basic_publish("", queue + ".none", b"x", properties, mandatory=True))

channel.basic_qos(prefetch_count=1)
seen["deliveries"] = []
for method, received, body in channel.consume(queue, inactivity_timeout=5):
    if method is None:
        break
    seen["deliveries"].append([body.decode(), method.redelivered, received.headers])
    channel.basic_nack(method.delivery_tag, requeue=True)
    if len(seen["deliveries"]) == 2:
        break
channel.cancel()

while True:
    method, received, body = channel.basic_get(dead, auto_ack=True)
    if method is not None:
        break
    connection.sleep(0.02)
seen["dead"] = [body.decode(), received.message_id, received.headers["x-first-death-reason"]]
seen["empty"] = channel.basic_get(dead, auto_ack=True)[0] is None
seen["missing"] = refused(lambda: connection.channel().queue_declare(queue + ".none", passive=True))
seen["other"] = refused(lambda: connection.channel().queue_declare(queue, durable=True))
connection.close()
print(json.dumps(seen))
