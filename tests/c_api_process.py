"""Asks a SavedModel through TensorFlow's C API alone; run as a process of its own.

c_api_process.py LIBRARIES VERSION_FOLDER INPUT OUTPUT FILE…: feeds the files as one string tensor,
and writes each row of the answer beside its file, with ".png" behind the name. INPUT and OUTPUT are
names of operations with a string [n] at index 0.
"""

import ctypes
import sys
from pathlib import Path

TF_STRING = 7
TSTRING_BYTES = 24

libraries, folder, input_name, output_name, *files = sys.argv[1:]
# The order matters: the second library is linked to the first.
ctypes.CDLL(f"{libraries}/libtensorflow_framework.so.2", ctypes.RTLD_GLOBAL)
tf = ctypes.CDLL(f"{libraries}/libtensorflow_cc.so.2", ctypes.RTLD_GLOBAL)

Pointer, Size = ctypes.c_void_p, ctypes.c_size_t


class Output(ctypes.Structure):
    _fields_ = (("operation", Pointer), ("index", ctypes.c_int))


FUNCTIONS = {
    "TF_NewStatus": (Pointer,),
    "TF_GetCode": (ctypes.c_int, Pointer),
    "TF_Message": (ctypes.c_char_p, Pointer),
    "TF_NewGraph": (Pointer,),
    "TF_NewSessionOptions": (Pointer,),
    "TF_LoadSessionFromSavedModel": (
        *(Pointer, Pointer, Pointer, ctypes.c_char_p, ctypes.POINTER(ctypes.c_char_p)),
        *(ctypes.c_int, Pointer, Pointer, Pointer),
    ),
    "TF_GraphOperationByName": (Pointer, Pointer, ctypes.c_char_p),
    "TF_AllocateTensor": (
        *(Pointer, ctypes.c_int, ctypes.POINTER(ctypes.c_int64), ctypes.c_int, Size),
    ),
    "TF_TensorData": (Pointer, Pointer),
    "TF_Dim": (ctypes.c_int64, Pointer, ctypes.c_int),
    "TF_TensorType": (ctypes.c_int, Pointer),
    "TF_StringInit": (None, Pointer),
    "TF_StringCopy": (None, Pointer, ctypes.c_char_p, Size),
    "TF_StringGetDataPointer": (Pointer, Pointer),
    "TF_StringGetSize": (Size, Pointer),
    "TF_SessionRun": (
        *(None, Pointer, Pointer, ctypes.POINTER(Output), ctypes.POINTER(Pointer), ctypes.c_int),
        *(ctypes.POINTER(Output), ctypes.POINTER(Pointer), ctypes.c_int),
        *(Pointer, ctypes.c_int, Pointer, Pointer),
    ),
}
for name, (result, *arguments) in FUNCTIONS.items():
    function = getattr(tf, name)
    function.restype, function.argtypes = result, arguments

status = tf.TF_NewStatus()


def check():
    if tf.TF_GetCode(status) != 0:
        sys.exit(tf.TF_Message(status).decode())


def string_tensor(rows):
    shape = (ctypes.c_int64 * 1)(len(rows))
    tensor = tf.TF_AllocateTensor(TF_STRING, shape, 1, len(rows) * TSTRING_BYTES)
    for index, row in enumerate(rows):
        cell = tf.TF_TensorData(tensor) + index * TSTRING_BYTES
        tf.TF_StringInit(cell)
        tf.TF_StringCopy(cell, row, len(row))
    return tensor


def rows_of(tensor):
    assert tf.TF_TensorType(tensor) == TF_STRING
    cells = [tf.TF_TensorData(tensor) + i * TSTRING_BYTES for i in range(tf.TF_Dim(tensor, 0))]
    return [
        ctypes.string_at(tf.TF_StringGetDataPointer(cell), tf.TF_StringGetSize(cell))
        for cell in cells
    ]


graph = tf.TF_NewGraph()
tags = (ctypes.c_char_p * 1)(b"serve")
options = tf.TF_NewSessionOptions()
session = tf.TF_LoadSessionFromSavedModel(
    options, None, folder.encode(), tags, 1, graph, None, status
)
check()


def place(name):
    operation = tf.TF_GraphOperationByName(graph, name.encode())
    assert operation, name
    return (Output * 1)(Output(operation, 0))


fed = (Pointer * 1)(string_tensor([Path(file).read_bytes() for file in files]))
fetched = (Pointer * 1)()
tf.TF_SessionRun(
    *(session, None, place(input_name), fed, 1, place(output_name), fetched, 1),
    *(None, 0, None, status),
)
check()
for file, picture in zip(files, rows_of(fetched[0]), strict=True):
    Path(f"{file}.png").write_bytes(picture)
assert not {"tensorflow", "numpy", "a2i_tf"} & set(sys.modules)
