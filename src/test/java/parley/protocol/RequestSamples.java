package parley.protocol;

import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;

/** A valid body of every HTTP call that has one, with its reader. */
final class RequestSamples {
  private RequestSamples() {}

  /** A valid body and its reader. */
  record Sample(String json, Function<byte[], RequestReader.Result<?>> reader) {
    RequestReader.Result<?> read(String text) {
      return reader.apply(text.getBytes(StandardCharsets.UTF_8));
    }
  }

  /** By method and path. */
  static Map<String, Sample> all() {
    Map<String, Sample> all = new LinkedHashMap<>();
    all.put(
        "POST /v1/auth/register",
        new Sample(
            """
            {"username":"bob","password":"correct horse","display_name":"Bob"}""",
            RequestReader::register));
    all.put(
        "POST /v1/auth/login",
        new Sample(
            """
            {"username":"bob","password":"correct horse"}""",
            RequestReader::login));
    all.put(
        "POST /v1/auth/refresh",
        new Sample(
            """
            {"refresh_token":"r1"}""",
            RequestReader::refresh));
    all.put(
        "POST /v1/auth/logout",
        new Sample(
            """
            {"refresh_token":"r1"}""",
            RequestReader::refresh));
    all.put(
        "PATCH /v1/users/me",
        new Sample(
            """
            {"display_name":"Bob","avatar_url":"https://x.test/b.png"}""",
            RequestReader::patchMe));
    all.put(
        "PUT /v1/users/me/presence",
        new Sample(
            """
            {"status":"away"}""",
            RequestReader::presence));
    all.put(
        "PUT /v1/users/me/devices/{device_id}/push_token",
        new Sample(
            """
            {"platform":"apns","token":"abc123"}""",
            RequestReader::pushToken));
    all.put(
        "POST /v1/conversations",
        new Sample(
            """
            {"type":"direct","user_id":"u_bob"}""",
            RequestReader::openDirect));
    all.put(
        "POST /v1/groups",
        new Sample(
            """
            {"name":"Team","member_ids":["u_bob","u_carol"],"avatar_url":"https://x.test/t.png",
             "client_ref":"01J3ZB2T0K9S6V4Q8N5M7R1XWY"}""",
            RequestReader::createGroup));
    all.put(
        "PATCH /v1/groups/{conversation_id}",
        new Sample(
            """
            {"name":"Team","avatar_url":null}""",
            RequestReader::patchGroup));
    all.put(
        "POST /v1/groups/{conversation_id}/members",
        new Sample(
            """
            {"user_ids":["u_carol"]}""",
            RequestReader::addMembers));
    all.put(
        "PUT /v1/groups/{conversation_id}/members/{user_id}",
        new Sample(
            """
            {"role":"admin"}""",
            RequestReader::setRole));
    all.put(
        "POST /v1/messages",
        new Sample(
            """
            {"conversation_id":"g_1","client_msg_id":"m-1","type":"text","content":"hi",\
            "reply_to":1,"mentions":["u_bob"]}""",
            RequestReader::postMessage));
    all.put(
        "POST /v1/conversations/{conversation_id}/read",
        new Sample(
            """
            {"seq":12}""",
            RequestReader::markRead));
    all.put(
        "PATCH /v1/conversations/{conversation_id}",
        new Sample(
            """
            {"muted":true,"pinned":false,"archived":true}""",
            RequestReader::patchConversation));
    return all;
  }
}
