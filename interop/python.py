"""Does with paho-mqtt what the tests ask for: see driver_test.go."""

import base64
import json
import socket
import sys
import threading
from urllib.parse import urlsplit

from paho.mqtt.client import Client
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCodes
from paho.mqtt.subscribeoptions import SubscribeOptions

UNKNOWN = -1  # where paho-mqtt does not tell a reason code
output = threading.Lock()


def say(**line):
    with output:
        print(json.dumps(line), flush=True)


def number(code):
    """A reason code, which comes as a number, an object, a list of one, or not at all."""
    if isinstance(code, (list, tuple)):
        code = code[0]
    if isinstance(code, ReasonCodes):
        return code.value
    return UNKNOWN if code is None else code


def properties(packet, given):
    p = Properties(packet)
    if given.get("user"):
        p.UserProperty = [tuple(pair) for pair in given["user"]]
    if given.get("contentType"):
        p.ContentType = given["contentType"]
    if given.get("responseTopic"):
        p.ResponseTopic = given["responseTopic"]
    if given.get("correlation"):
        p.CorrelationData = base64.b64decode(given["correlation"])
    if given.get("expiry"):
        p.MessageExpiryInterval = given["expiry"]
    if given.get("alias"):
        p.TopicAlias = given["alias"]
    return p


def told(p):
    if p is None:
        return {}
    return {
        "user": getattr(p, "UserProperty", []),
        "contentType": getattr(p, "ContentType", ""),
        "responseTopic": getattr(p, "ResponseTopic", ""),
        "correlation": base64.b64encode(getattr(p, "CorrelationData", b"")).decode(),
        "expiry": getattr(p, "MessageExpiryInterval", 0),
        "subscriptions": getattr(p, "SubscriptionIdentifier", []),
    }


class Peer:
    def __init__(self, ask):
        self.name = ask["client"]
        self.v5 = ask["version"] == 5
        self.lock = threading.Lock()
        self.asked = {}  # by packet id: who waits for the answer
        self.early = {}  # answers that came before their packet id was known
        url = urlsplit(ask["url"])
        kind = {} if self.v5 else {"clean_session": ask["clean"]}
        self.client = c = Client(client_id=ask["clientID"], protocol=ask["version"], **kind)
        # Once its connection is lost it is to stay lost.
        c.reconnect_delay_set(3600, 3600)
        if ask.get("will"):
            w = ask["will"]
            more = {"properties": properties(PacketTypes.WILLMESSAGE, w["properties"])} if self.v5 else {}
            c.will_set(w["topic"], base64.b64decode(w["payload"] or ""), w["qos"], w["retain"], **more)

        def connected(c, _, flags, code, p=None):
            say(id=ask["id"], code=number(code), session=bool(flags["session present"]),
                assigned=getattr(p, "AssignedClientIdentifier", ""))

        def message(c, _, m):
            say(client=self.name, message={
                "topic": m.topic, "payload": base64.b64encode(m.payload).decode(), "qos": m.qos,
                "retain": bool(m.retain), "properties": told(getattr(m, "properties", None))})

        c.on_connect = connected
        c.on_message = message
        c.on_publish = lambda c, _, mid: self.answered(mid, UNKNOWN)
        c.on_subscribe = lambda c, _, mid, codes, p=None: self.answered(mid, number(codes))
        c.on_unsubscribe = lambda c, _, mid, p=None, codes=None: self.answered(mid, number(codes))
        c.on_disconnect = lambda c, _, code, p=None: say(
            client=self.name, closed=number(code) if isinstance(code, ReasonCodes) else UNKNOWN)
        how = {}
        if self.v5:
            p = Properties(PacketTypes.CONNECT)
            if ask.get("expiry"):
                p.SessionExpiryInterval = ask["expiry"]
            how = {"clean_start": ask["clean"], "properties": p}
        c.connect(url.hostname, url.port, ask["keepAlive"], **how)
        c.loop_start()

    def answered(self, mid, code):
        with self.lock:
            ask = self.asked.pop(mid, None)
            if ask is None:
                self.early[mid] = code
                return
        say(id=ask, code=code)

    def waits(self, ask, mid):
        with self.lock:
            if mid not in self.early:
                self.asked[mid] = ask["id"]
                return
            code = self.early.pop(mid)
        say(id=ask["id"], code=code)

    def publish(self, ask):
        m = ask["message"]
        more = {"properties": properties(PacketTypes.PUBLISH, m["properties"])} if self.v5 else {}
        info = self.client.publish(m["topic"], base64.b64decode(m["payload"] or ""), m["qos"], m["retain"], **more)
        self.waits(ask, info.mid)

    def subscribe(self, ask):
        if self.v5:
            p = Properties(PacketTypes.SUBSCRIBE)
            if ask.get("subscription"):
                p.SubscriptionIdentifier = ask["subscription"]
            o = SubscribeOptions(ask["qos"], ask["noLocal"], ask["retainAsPublished"], ask["retainHandling"])
            _, mid = self.client.subscribe(ask["filter"], options=o, properties=p)
        else:
            _, mid = self.client.subscribe(ask["filter"], ask["qos"])
        self.waits(ask, mid)

    def unsubscribe(self, ask):
        _, mid = self.client.unsubscribe(ask["filter"])
        self.waits(ask, mid)

    def disconnect(self, ask):
        self.client.disconnect()
        self.client.loop_stop()
        say(id=ask["id"])

    def drop(self, ask):
        self.client.socket().shutdown(socket.SHUT_RDWR)
        say(id=ask["id"])


peers = {}
for line in sys.stdin:
    ask = json.loads(line)
    try:
        if ask["do"] == "connect":
            peers[ask["client"]] = Peer(ask)
        else:
            getattr(peers[ask["client"]], ask["do"])(ask)
    except Exception as e:  # the test is told
        say(id=ask["id"], error=repr(e))
