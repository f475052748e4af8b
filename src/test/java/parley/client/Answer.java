package parley.client;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.http.HttpHeaders;

/** An HTTP answer: {@code body} is a missing node if it was not JSON. */
public record Answer(int status, HttpHeaders headers, JsonNode body, String text) {

  /** Returns this answer, or throws an error that shows it if its status is another. */
  public Answer expect(int wanted) {
    if (status != wanted) {
      throw new AssertionError("wanted " + wanted + ", got " + status + ": " + text);
    }
    return this;
  }

  public Answer expect(int wanted, String code) {
    expect(wanted);
    if (!code.equals(code())) {
      throw new AssertionError("wanted code " + code + ", got " + text);
    }
    return this;
  }

  /** The problem's code, or the empty string. */
  public String code() {
    return body.path("code").asText("");
  }

  public boolean ok() {
    return status >= 200 && status < 300;
  }
}
