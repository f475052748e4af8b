package parley.whole;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import parley.client.ClientIds;
import parley.client.MockApns;
import parley.client.ParleyClient;
import parley.client.ParleySocket;
import parley.client.ServerProcess;
import parley.client.TestAccount;

/** A phone changes its owner: notifications for the former owner are not shown to the new one. */
class PushTokenIT {
  private static final String TOKEN = "abadcafe".repeat(8);

  @TempDir private Path folder;

  @Test
  void aTokenIsOneAccountsAtATime() throws Exception {
    try (MockApns apns = new MockApns(folder);
        ServerProcess server =
            ServerProcess.start(
                Files.createDirectories(folder.resolve("data")), apns.environment())) {
      ParleyClient client = new ParleyClient(server.uri());
      TestAccount former = client.register(ClientIds.username("former"));
      TestAccount next = client.register(ClientIds.username("next"));
      TestAccount sender = client.register(ClientIds.username("sender"));
      for (TestAccount owner : new TestAccount[] {former, next}) {
        client.connectSynced(owner, "phone").close();
        client
            .call(
                "PUT",
                "/v1/users/me/devices/phone/push_token",
                owner.accessToken(),
                Map.of("platform", "apns", "token", TOKEN))
            .expect(204);
      }
      String toFormer = client.direct(sender, former.userId());
      String toNext = client.direct(sender, next.userId());
      try (ParleySocket socket = client.connectSynced(sender, "phone")) {
        socket.text(toFormer, "not for the next");
        socket.text(toNext, "for the next");
      }
      await().until(() -> apns.received().stream().anyMatch(one -> said(one, toNext)));
      // Both pushes were due at once; a second message to the present owner comes after them.
      String again = client.group(sender, "group", java.util.List.of(next));
      try (ParleySocket socket = client.connectSynced(sender, "phone")) {
        socket.text(again, "more");
      }
      await().until(() -> apns.received().stream().anyMatch(one -> said(one, again)));
      assertThat(apns.received()).noneMatch(one -> said(one, toFormer));
    }
  }

  private static boolean said(MockApns.Received one, String conversation) {
    return one.payload().toString().contains(conversation);
  }
}
