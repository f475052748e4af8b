package parley.app;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import parley.settings.Settings;

/** Settings of the environment arrive in the configuration, and their defaults agree with it. */
class NodeConfigTest {
  private static Config config(Map<String, String> environment) throws Exception {
    return NodeConfig.of(
        Settings.from(new HashMap<>(environment)),
        // As the store gives it.
        ConfigFactory.parseResources("parley-dynamodb.conf").resolve());
  }

  @Test
  void theDefaultsAreThoseOfTheFiles() throws Exception {
    Config files =
        ConfigFactory.parseResources("parley-dynamodb.conf")
            .withFallback(ConfigFactory.load())
            .resolve();
    Config config = config(Map.of());
    for (String plugin : NodeConfig.PLUGINS) {
      Config breaker = files.getConfig(plugin + ".circuit-breaker");
      Config used = config.getConfig(plugin + ".circuit-breaker");
      assertThat(used.getInt("max-failures")).as(plugin).isEqualTo(breaker.getInt("max-failures"));
      for (String time : List.of("reset-timeout", "call-timeout")) {
        assertThat(used.getDuration(time)).as(plugin).isEqualTo(breaker.getDuration(time));
      }
    }
    assertThat(config.getInt("parley.archive.breaker.failures"))
        .isEqualTo(files.getInt("parley.archive.breaker.failures"));
    for (String key :
        List.of(
            "parley.archive.breaker.rest",
            "parley.archive.breaker.longest-rest",
            "parley.archive.cache-time")) {
      assertThat(config.getDuration(key)).as(key).isEqualTo(files.getDuration(key));
    }
    assertThat(config.getBytes("parley.archive.cache-bytes"))
        .isEqualTo(files.getBytes("parley.archive.cache-bytes"));
  }

  /** The five failures and thirty seconds of the first design are possible. */
  @Test
  void breakersAreSet() throws Exception {
    Config config =
        config(
            Map.of(
                "PARLEY_STORE_BREAKER_FAILURES", "5",
                "PARLEY_STORE_BREAKER_REST_SECONDS", "30",
                "PARLEY_COLD_BREAKER_FAILURES", "7",
                "PARLEY_COLD_BREAKER_REST_SECONDS", "60",
                "PARLEY_COLD_CACHE_MB", "64"));
    for (String plugin : NodeConfig.PLUGINS) {
      Config breaker = config.getConfig(plugin + ".circuit-breaker");
      assertThat(breaker.getInt("max-failures")).as(plugin).isEqualTo(5);
      assertThat(breaker.getDuration("reset-timeout")).isEqualTo(Duration.ofSeconds(30));
    }
    Config cold = config.getConfig("parley.archive");
    assertThat(cold.getInt("breaker.failures")).isEqualTo(7);
    assertThat(cold.getDuration("breaker.rest")).isEqualTo(Duration.ofSeconds(60));
    assertThat(cold.getDuration("breaker.longest-rest")).isEqualTo(Duration.ofSeconds(60));
    assertThat(cold.getBytes("cache-bytes")).isEqualTo(64L * 1024 * 1024);
  }
}
