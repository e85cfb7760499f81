"""The JSON WebAPI v2 for MT4, shared by the client, the sandbox and the API we serve.

``enums`` and ``flags`` name things, ``records`` are the structures, ``wire`` turns them into
JSON and back, ``envelope`` wraps answers, ``catalogue`` lists the operations.
"""
