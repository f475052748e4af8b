package parley.admin;

import com.fasterxml.jackson.databind.node.ObjectNode;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.server.Route;

/**
 * Routes for an {@link OperatorDrain} of this node, under {@code /admin/drain}: POST begins it, GET
 * shows its progress, DELETE undoes it. POST and DELETE answer 405 unless {@code
 * PARLEY_MANAGEMENT_WRITE} is on, like every change of the cluster.
 */
public final class DrainRoutes extends AdminAnswers {
  private final OperatorDrain drain;

  public DrainRoutes(ActorSystem<?> system, OperatorDrain drain, boolean write) {
    super(system, "drain", write);
    this.drain = drain;
  }

  @Override
  public Route routes() {
    return path(
        "drain",
        () ->
            concat(
                get(() -> complete(progress(200))),
                post(() -> requireWrite(() -> complete(changed(drain.start(), 202)))),
                delete(() -> requireWrite(() -> complete(changed(drain.cancel(), 200))))));
  }

  private HttpResponse changed(boolean done, int status) {
    return done
        ? progress(status)
        : problem(409, "not while the node is " + drain.progress().state());
  }

  private HttpResponse progress(int status) {
    OperatorDrain.Progress p = drain.progress();
    ObjectNode body =
        JSON.createObjectNode()
            .put("state", p.state())
            .put("sockets_before", p.before())
            .put("sockets_left", p.left())
            .put("seconds_left", p.secondsLeft())
            .put("shards", p.shards());
    return json(status, body);
  }
}
