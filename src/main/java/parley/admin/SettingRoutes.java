package parley.admin;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.server.PathMatchers;
import org.apache.pekko.http.javadsl.server.Route;
import org.jspecify.annotations.Nullable;
import parley.control.RuntimeSettings;
import parley.control.Setting;
import parley.control.Setting.InvalidSettingException;
import parley.control.SettingCatalog;
import parley.control.SettingOverride;
import parley.control.SettingStore;

/**
 * Routes for the settings that can be changed at run time:
 *
 * <pre>
 *   GET    /admin/settings          as they are in force on this node
 *   PUT    /admin/settings/{name}   {value, minutes?}
 *   DELETE /admin/settings/{name}
 * </pre>
 *
 * <p>A change is answered 204 when it is durable. Every node that reaches the store has it in force
 * within seconds. As bans they do not need {@code PARLEY_MANAGEMENT_WRITE}: they lose nothing, and
 * are undone by a call. {@link AdminAccess} says who may.
 */
public final class SettingRoutes extends AdminAnswers {
  private static final Duration BODY_TIMEOUT = Duration.ofSeconds(5);
  private static final int MAX_BODY_BYTES = 4 * 1024;

  private final RuntimeSettings settings;
  private final SettingStore store;

  public SettingRoutes(ActorSystem<?> system, RuntimeSettings settings, SettingStore store) {
    super(system, "settings", true);
    this.settings = settings;
    this.store = store;
  }

  @Override
  public Route routes() {
    return concat(
        path("settings", () -> get(() -> answer(() -> done(json(200, list()))))),
        path(
            PathMatchers.segment("settings").slash(PathMatchers.segment()),
            name ->
                concat(
                    put(() -> extractRequest(request -> answer(() -> set(name, request)))),
                    delete(() -> answer(() -> remove(name))))));
  }

  private static CompletionStage<HttpResponse> done(HttpResponse response) {
    return CompletableFuture.completedFuture(response);
  }

  // ---- list

  private ObjectNode list() {
    Map<String, SettingOverride> set = new HashMap<>();
    settings.overrides().forEach(one -> set.put(one.name(), one));
    ObjectNode body = JSON.createObjectNode();
    ArrayNode all = body.putArray("settings");
    for (Setting setting : settings.catalog().all()) {
      ObjectNode one =
          all.addObject()
              .put("name", setting.name())
              .put("value", settings.current(setting))
              .put("default", setting.shown(setting.byDefault()));
      describe(one, set.remove(setting.name()));
      one.put("allowed", setting.allowed())
          .put("unit", setting.unit())
          .put("variable", setting.variable())
          .put("about", setting.about());
    }
    for (SettingOverride one : settings.overrides()) {
      if (set.containsKey(one.name())) {
        describe(all.addObject().put("name", one.name()).put("value", one.value()), one);
      }
    }
    return body.put("unknown", settings.unknown())
        .put("version", Math.max(0, settings.version()))
        .put("age_seconds", settings.age().toSeconds());
  }

  private static void describe(ObjectNode json, @Nullable SettingOverride override) {
    if (override != null) {
      json.put("who", override.who())
          .put("since", Instant.ofEpochMilli(override.since()).toString());
      if (override.until() != 0) {
        json.put("until", Instant.ofEpochMilli(override.until()).toString());
      }
    }
  }

  // ---- changes

  private record Wanted(String value, int minutes) {}

  private CompletionStage<HttpResponse> set(String name, HttpRequest request) {
    String who = AdminGate.caller(request);
    return request
        .entity()
        .withSizeLimit(MAX_BODY_BYTES)
        .toStrict(BODY_TIMEOUT.toMillis(), system)
        .handle(
            (body, failure) -> {
              if (body == null) {
                throw new BadRequestException(
                    "body: it did not arrive, or has more than " + MAX_BODY_BYTES + " bytes");
              }
              return parse(name, body.getData().decodeString(StandardCharsets.UTF_8));
            })
        .thenCompose(
            wanted ->
                unlessOlderNodes(() -> store.put(name, wanted.value(), wanted.minutes(), who)));
  }

  private CompletionStage<HttpResponse> remove(String name) {
    // A name of another version can be removed too.
    boolean known = settings.overrides().stream().anyMatch(one -> one.name().equals(name));
    if (!known && settings.unknown() == 0) {
      try {
        settings.catalog().checkName(name);
      } catch (InvalidSettingException e) {
        throw new BadRequestException(String.valueOf(e.getMessage()));
      }
    }
    return unlessOlderNodes(() -> store.remove(name));
  }

  private interface Change {
    CompletionStage<SettingStore.Reply> send();
  }

  private CompletionStage<HttpResponse> unlessOlderNodes(Change change) {
    Optional<String> older = store.memberWithout();
    if (older.isPresent()) {
      return done(
          problem(
              409,
              "the version of "
                  + older.get()
                  + " does not know run-time settings, and would not follow: upgrade it first"));
    }
    return change
        .send()
        .thenApply(
            reply ->
                switch (reply) {
                  case SettingStore.Changed changed -> HttpResponse.create().withStatus(204);
                  case SettingStore.Full full ->
                      problem(
                          409,
                          "there are as many settings of this kind as may be: at most "
                              + SettingCatalog.OWN_LIMITS
                              + " users and conversations with a limit of their own, "
                              + SettingCatalog.LEVELS
                              + " loggers, "
                              + SettingStore.OVERRIDES
                              + " in all");
                });
  }

  private Wanted parse(String name, String body) {
    JsonNode json;
    try {
      json = JSON.readTree(body);
    } catch (JsonProcessingException e) {
      throw new BadRequestException("body: not JSON");
    }
    if (json == null || !json.isObject()) {
      throw new BadRequestException("body: {\"value\": …, \"minutes\": …}");
    }
    // A misspelt "minutes" must not set something for ever.
    for (String field : json.properties().stream().map(Map.Entry::getKey).toList()) {
      if (!field.equals("value") && !field.equals("minutes")) {
        throw new BadRequestException("body: only value and minutes are known");
      }
    }
    JsonNode value = json.path("value");
    if (!value.isTextual() && !value.isIntegralNumber() && !value.isBoolean()) {
      throw new BadRequestException("value: a text, a whole number, true or false");
    }
    String checked;
    try {
      checked = settings.catalog().check(name, value.asText());
    } catch (InvalidSettingException e) {
      throw new BadRequestException(String.valueOf(e.getMessage()));
    }
    JsonNode minutes = json.path("minutes");
    if (minutes.isMissingNode() || minutes.isNull()) {
      return new Wanted(checked, settings.catalog().minutesByDefault(name));
    }
    if (!minutes.isIntegralNumber()
        || !minutes.canConvertToInt()
        || minutes.asInt() < 1
        || minutes.asInt() > SettingCatalog.MINUTES_MAX) {
      throw new BadRequestException(
          "minutes: a whole number from 1 to " + SettingCatalog.MINUTES_MAX);
    }
    return new Wanted(checked, minutes.asInt());
  }
}
