package parley.admin;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.server.Route;
import org.jspecify.annotations.Nullable;
import parley.audit.AuditLog;
import parley.audit.AuditRecord;

/**
 * The route that lists what operators have changed, in the order in which the changes began: {@code
 * GET /admin/audit?after=NR&limit=N}. Without {@code after} it shows the newest ones.
 */
public final class AuditRoutes extends AdminAnswers {
  private static final int PAGE_DEFAULT = 50;

  private final AuditLog log;

  public AuditRoutes(ActorSystem<?> system, AuditLog log) {
    super(system, "audit log", false);
    this.log = log;
  }

  @Override
  public Route routes() {
    return path(
        "audit",
        () ->
            get(
                () ->
                    parameterOptional(
                        "after",
                        after ->
                            parameterOptional(
                                "limit",
                                limit ->
                                    answer(
                                        () ->
                                            page(
                                                number(after),
                                                number(
                                                    "limit",
                                                    limit,
                                                    PAGE_DEFAULT,
                                                    AuditLog.PAGE)))))));
  }

  private static @Nullable Long number(Optional<String> after) {
    if (after.isEmpty()) {
      return null;
    }
    try {
      long nr = Long.parseLong(after.get());
      if (nr >= 0) {
        return nr;
      }
    } catch (NumberFormatException e) {
      // Reported below.
    }
    throw new BadRequestException("after: the number of a record, or 0");
  }

  private CompletionStage<HttpResponse> page(@Nullable Long after, int limit) {
    return log.page(after, limit).thenApply(page -> json(200, toJson(page)));
  }

  private static ObjectNode toJson(AuditLog.Page page) {
    ObjectNode body = JSON.createObjectNode();
    ArrayNode records = body.putArray("records");
    page.records().forEach(record -> records.add(toJson(record)));
    if (page.more()) {
      body.put("next_after", page.records().getLast().nr());
    }
    return body;
  }

  private static ObjectNode toJson(AuditRecord record) {
    ObjectNode body =
        JSON.createObjectNode()
            .put("nr", record.nr())
            .put("time", Instant.ofEpochMilli(record.at()).toString())
            .put("who", record.who())
            .put("from", record.address())
            .put("action", record.action())
            .put("target", record.target())
            .put("result", result(record.status()));
    if (!record.detail().isEmpty()) {
      body.put("detail", record.detail());
    }
    if (record.status() > 0) {
      body.put("status", record.status());
      body.put("finished", Instant.ofEpochMilli(record.finishedAt()).toString());
    }
    return body;
  }

  /** What came of a change, in a word. */
  private static String result(int status) {
    if (status == 0) {
      return "started";
    }
    return status < 400 ? "done" : status < 500 ? "refused" : "failed";
  }
}
