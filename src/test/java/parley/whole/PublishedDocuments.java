package parley.whole;

import com.fasterxml.jackson.databind.JsonNode;
import parley.client.Answer;
import parley.client.AnswerCheck;
import parley.protocol.ContractSchemas;

/** Checks everything that the server sends against its published documents. */
final class PublishedDocuments implements AnswerCheck {
  @Override
  public void frame(JsonNode frame) {
    ContractSchemas.assertFrame(frame);
  }

  @Override
  public void answer(String method, String path, Answer answer) {
    // Files and documents are no calls, and an answer to HEAD has no body.
    if (path.startsWith("/v1/") && !method.equals("HEAD")) {
      JsonNode body = answer.text().isEmpty() ? null : answer.body();
      ContractSchemas.assertAnswer(method, path, answer.status(), body);
    }
  }
}
