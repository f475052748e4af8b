package parley.admin;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.server.PathMatchers;
import org.apache.pekko.http.javadsl.server.Route;
import org.jspecify.annotations.Nullable;
import parley.auth.KeyRing;
import parley.auth.SigningKeys;

/**
 * Routes for the keys that sign tokens, under {@code /admin/keys}. GET shows their ids and times.
 * {@code POST rotation} publishes the next key, which signs after {@code lead_seconds} ({@link
 * SigningKeys#LEAD} if not given). It answers 202 if a key was published, 200 if a next key was
 * published already, and 409 with the reason if the keys cannot be rotated now. It answers 405
 * unless {@code PARLEY_MANAGEMENT_WRITE} is on, like every change by this port.
 */
public final class KeyRoutes extends AdminAnswers {
  private final KeyRing keys;
  private final InstantSource clock;
  private final Callable<Optional<String>> objection;

  /**
   * The routes.
   *
   * @param objection returns why the keys must not be rotated now, or empty; may block
   */
  public KeyRoutes(
      ActorSystem<?> system,
      KeyRing keys,
      InstantSource clock,
      Callable<Optional<String>> objection,
      boolean write) {
    super(system, "signing keys", write);
    this.keys = keys;
    this.clock = clock;
    this.objection = objection;
  }

  @Override
  public Route routes() {
    return concat(
        path("keys", () -> get(() -> complete(json(200, toJson(keys.keys()))))),
        path(
            PathMatchers.segment("keys").slash("rotation"),
            () ->
                post(
                    () ->
                        parameterOptional(
                            "lead_seconds",
                            text -> requireWrite(() -> answer(() -> rotate(parseLead(text))))))));
  }

  private static Duration parseLead(Optional<String> text) {
    int least = (int) SigningKeys.MIN_LEAD.toSeconds();
    int most = (int) SigningKeys.MAX_LEAD.toSeconds();
    int seconds = number("lead_seconds", text, (int) SigningKeys.LEAD.toSeconds(), most);
    if (seconds < least) {
      throw new BadRequestException("lead_seconds: from " + least + " to " + most);
    }
    return Duration.ofSeconds(seconds);
  }

  private CompletionStage<HttpResponse> rotate(Duration lead) {
    return keys.rotate(lead, objection)
        .thenApply(
            rotation ->
                switch (rotation) {
                  case KeyRing.Rotation.Rotated done ->
                      json(done.changed() ? 202 : 200, toJson(done.keys()));
                  case KeyRing.Rotation.Refused no -> problem(409, no.reason());
                });
  }

  private ObjectNode toJson(SigningKeys now) {
    ObjectNode body = JSON.createObjectNode();
    ArrayNode all = body.putArray("keys");
    for (SigningKeys.KeyDescription key : now.describe(clock.instant())) {
      ObjectNode one =
          all.addObject()
              .put("kid", key.keyId())
              .put("use", key.use().name().toLowerCase(Locale.ROOT));
      putTime(one, "published", key.published());
      putTime(one, "signs_from", key.signsFrom());
      putTime(one, "good_until", key.goodUntil());
    }
    return body;
  }

  private static void putTime(ObjectNode into, String name, @Nullable Instant time) {
    if (time != null) {
      into.put(name, time.toString());
    }
  }
}
