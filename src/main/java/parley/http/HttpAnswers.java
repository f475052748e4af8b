package parley.http;

import org.apache.pekko.http.javadsl.model.ContentTypes;
import org.apache.pekko.http.javadsl.model.HttpEntities;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import parley.conversation.Conversation;
import parley.model.ErrorCode;
import parley.protocol.HttpWriter;
import parley.user.User;

/** Answers that are not problems, and the replies of entities as HTTP. */
final class HttpAnswers {
  private HttpAnswers() {}

  /** A JSON body. */
  static HttpResponse json(int status, String body) {
    return HttpResponse.create()
        .withStatus(status)
        .withEntity(HttpEntities.create(ContentTypes.APPLICATION_JSON, body));
  }

  /** 204, without a body. */
  static HttpResponse noContent() {
    return HttpResponse.create().withStatus(204);
  }

  /** A conversation; 204 without a body if that is the status, or if the caller has left it. */
  static HttpResponse of(int status, Conversation.ViewReply reply) {
    return switch (reply) {
      case Conversation.Viewed viewed ->
          status == 204 ? noContent() : json(status, HttpWriter.conversation(viewed.view()));
      case Conversation.Removed removed -> noContent();
      case Conversation.Refused refused -> Problems.of(refused.refusal());
    };
  }

  /** A profile. */
  static HttpResponse of(User.ProfileReply reply) {
    return switch (reply) {
      case User.Found found -> json(200, HttpWriter.profile(found.profile()));
      case User.NoSuchUser nobody -> Problems.of(ErrorCode.NOT_FOUND, "no such user");
      case User.Refused refused -> Problems.of(refused.refusal());
    };
  }

  /** The result of a change. */
  static HttpResponse of(User.DoneReply reply) {
    return switch (reply) {
      case User.Done done -> noContent();
      case User.Refused refused -> Problems.of(refused.refusal());
    };
  }
}
