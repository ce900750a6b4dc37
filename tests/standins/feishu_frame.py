"""Frames of Feishu's long connection as the platform has them, by Google's own protobuf (protocol section 5)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from google.protobuf.descriptor_pb2 import FieldDescriptorProto as Field
from google.protobuf.descriptor_pb2 import FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message import DecodeError
from google.protobuf.message_factory import GetMessageClass

CONTROL, DATA = 0, 1
#: name, number, type, label of each field.
HEADER = (("key", 1, Field.TYPE_STRING, "required"), ("value", 2, Field.TYPE_STRING, "required"))
FRAME = (
    ("SeqID", 1, Field.TYPE_UINT64, "required"),
    ("LogID", 2, Field.TYPE_UINT64, "required"),
    ("service", 3, Field.TYPE_INT32, "required"),
    ("method", 4, Field.TYPE_INT32, "required"),
    ("headers", 5, Field.TYPE_MESSAGE, "repeated"),
    ("payload_encoding", 6, Field.TYPE_STRING, "optional"),
    ("payload_type", 7, Field.TYPE_STRING, "optional"),
    ("payload", 8, Field.TYPE_BYTES, "optional"),
    ("LogIDNew", 9, Field.TYPE_STRING, "optional"),
)
LABELS = {"required": Field.LABEL_REQUIRED, "repeated": Field.LABEL_REPEATED, "optional": Field.LABEL_OPTIONAL}


def _frame() -> Any:
    file = FileDescriptorProto(name="frame.proto", package="pbbp2", syntax="proto2")
    for name, fields in (("Header", HEADER), ("Frame", FRAME)):
        message = file.message_type.add(name=name)
        for field, number, kind, label in fields:
            of = ".pbbp2.Header" if kind == Field.TYPE_MESSAGE else None
            message.field.add(name=field, number=number, type=kind, label=LABELS[label], type_name=of)
    pool = DescriptorPool()
    pool.Add(file)
    return GetMessageClass(pool.FindMessageTypeByName("pbbp2.Frame"))


Frame = _frame()


def packed(method: int, headers: Mapping[str, str], payload: bytes = b"", service: int = 1, **more: Any) -> bytes:
    """A frame as it travels."""
    pairs = [{"key": key, "value": value} for key, value in headers.items()]
    numbers = {"SeqID": 7, "LogID": 2**63 + 1, "service": service, "method": method}
    raw: bytes = Frame(headers=pairs, payload=payload, **numbers | more).SerializeToString()
    return raw


def unpacked(raw: bytes) -> Any:
    """The frame. Raises ValueError for one that is damaged or lacks what is required."""
    try:
        frame = Frame.FromString(raw)
    except DecodeError as no:
        raise ValueError(str(no)) from no
    if not frame.IsInitialized():
        raise ValueError(f"required: {frame.FindInitializationErrors()}")
    return frame
