package parley.client;

import com.fasterxml.jackson.databind.JsonNode;

/** Receives everything that passes a socket, in order, on the socket's own thread. */
public interface SocketTap {
  SocketTap NONE = new SocketTap() {};

  default void received(JsonNode frame) {}

  default void acked(String conversationId, long seq) {}

  default void closed(String reason) {}
}
