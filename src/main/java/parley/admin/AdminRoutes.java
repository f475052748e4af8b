package parley.admin;

import org.apache.pekko.http.javadsl.server.Route;

/** A feature's own routes for operators, served under {@code /admin} of the management port. */
@FunctionalInterface
public interface AdminRoutes {
  /** The routes, relative to {@code /admin/}. */
  Route routes();
}
