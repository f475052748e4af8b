package parley.serial;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;

/** An actor system with the server's own serialization. */
final class WireSystem {
  private WireSystem() {}

  static Config config() {
    return ConfigFactory.parseString(
            """
            pekko.actor.provider = cluster
            pekko.remote.artery.canonical.port = 0
            pekko.loglevel = WARNING
            """)
        .withFallback(ConfigFactory.load("application"));
  }

  static ActorTestKit start(String name) {
    return ActorTestKit.create(name, config());
  }
}
