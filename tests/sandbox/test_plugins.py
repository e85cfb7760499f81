"""Plug-ins: their settings, and commands that one of them answers or nobody."""

from __future__ import annotations

from base64 import b64encode

from tests.sandbox.api import Api


def _binary(api: Api, data: bytes) -> str:
    reply = api.post("ExternalCommandBinary", {"data": b64encode(data).decode()})
    return reply.data["data"] if reply.code == "Ok" else reply.code


def test_every_view_of_the_plugins_agrees(api: Api) -> None:
    params = api.get("CfgRequestPlugin").data
    assert [each["plugin"] for each in params] == api.get("PluginsGet").data
    assert [api.get(f"PluginParamGet/{n}").data for n in range(len(params))] == params
    assert api.get(f"PluginParamGet/{len(params)}").code == "NotFound"


def test_commands_are_answered_by_the_plugin_that_claims_them(api: Api) -> None:
    assert api.post("ExternalCommandJSON", {"echo": {"deep": [1, 2]}}).data == {
        "echo": {"deep": [1, 2]}
    }
    assert _binary(api, b"echo \x00\xff") == b64encode(b"echo \x00\xff").decode()


def test_a_command_that_no_plugin_claims_is_an_error(api: Api) -> None:
    for command in ({"reboot": True}, ["echo"], "echo", None):
        assert api.post("ExternalCommandJSON", command).code == "Error"
    assert _binary(api, b"reboot") == "Error"
    assert api.post("ExternalCommandBinary", {"data": "not base64!"}).code == "Validation"


def test_a_parameter_changes_what_a_plugin_does_and_stays(lonely: Api) -> None:
    echo = lonely.get("PluginParamGet/0").data
    echo["params"][0]["value"] = "reply"
    echo["plugin"]["version"] = 999
    assert lonely.post("PluginUpdate", echo).data is True
    lonely.sandbox.kill()
    lonely.sandbox.start()
    api = Api(lonely.sandbox)
    assert api.post("ExternalCommandJSON", {"echo": 1}).data == {"reply": 1}
    assert api.get("PluginParamGet/0").data["plugin"]["version"] == 100


def test_a_plugin_that_is_switched_off_answers_nothing(lonely: Api) -> None:
    echo = lonely.get("PluginParamGet/0").data
    echo["plugin"]["enabled"] = 0
    assert lonely.post("CfgUpdatePlugin", echo).data is True
    assert lonely.post("ExternalCommandJSON", {"echo": 1}).code == "Error"
    assert lonely.get("PluginsGet").data[0]["enabled"] == 0


def test_unknown_plugins_and_parameters_are_refused(api: Api) -> None:
    echo = api.get("PluginParamGet/0").data
    stranger = {"plugin": {"name": "Nothing", "file": "nothing.dll"}}
    assert api.post("PluginUpdate", stranger).code == "NotFound"
    wrong = echo | {"params": [{"name": "Colour", "value": "red"}]}
    assert api.post("CfgUpdatePlugin", wrong).code == "InvalidData"
    assert api.get("PluginParamGet/0").data == echo


def test_plugins_are_moved(lonely: Api) -> None:
    first, second = lonely.get("PluginsGet").data
    assert lonely.post("CfgShiftPlugin/0?shift=1").data is True
    assert lonely.get("PluginsGet").data == [second, first]
    assert lonely.post("CfgShiftPlugin/0?shift=5").code == "InvalidData"
