package parley.web;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.microsoft.playwright.Browser;
import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.WebSocketRoute;
import com.microsoft.playwright.options.AriaRole;
import com.microsoft.playwright.options.ColorScheme;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** People with browsers, against the real server. */
class WebClientIT extends BrowserTest {
  private static final Pattern SOCKET = Pattern.compile("/v1/ws$");

  @Test
  void twoBrowsersChatAndBothSeeEverythingThoughOneWasOffline() {
    BrowserUser ann = person("Ann");
    BrowserUser bob =
        person(
            "Bob",
            new Browser.NewContextOptions()
                .setViewportSize(1200, 780)
                .setColorScheme(ColorScheme.DARK));
    ann.startChat(bob);
    ann.say("Hello Bob");
    bob.open("Ann");
    assertThat(bob.message("Hello Bob")).isVisible();
    bob.say("Hello Ann");
    assertThat(ann.message("Hello Ann")).isVisible();

    bob.context().setOffline(true);
    ann.say("Are you there?");
    ann.say("I have news");
    bob.say("I am in a tunnel");
    assertThat(bob.tick("I am in a tunnel", "sending")).isVisible();
    assertThat(bob.page().locator(".banner")).containsText(Pattern.compile("offline|onnecting"));
    assertThat(ann.tick("I have news", "sent")).isVisible();
    bob.picture("offline-dark");
    bob.context().setOffline(false);

    assertThat(bob.message("I have news")).isVisible();
    assertThat(ann.message("I am in a tunnel")).isVisible();
    assertThat(bob.tick("I am in a tunnel", "read")).isVisible();
    assertThat(bob.page().locator(".banner")).isHidden();
    assertThat(bob.page().locator(".message .text").allInnerTexts())
        .isEqualTo(ann.page().locator(".message .text").allInnerTexts())
        .hasSize(5);
    ann.picture("chat-light");
    bob.picture("chat-dark");
    assertThat(ann.complaints()).isEmpty();
    assertThat(bob.complaints()).isEmpty();
  }

  @Test
  void unsentMessagesSurviveTheTabAndAreSentOnce() {
    BrowserUser ann = person("Ann");
    BrowserUser bob = person("Bob");
    ann.startChat(bob);
    ann.say("first");
    assertThat(ann.tick("first", "delivered")).isVisible();

    ann.context().setOffline(true);
    ann.say("written offline");
    assertThat(ann.tick("written offline", "sending")).isVisible();
    ann.page().close();
    ann.context().setOffline(false);
    ann.reopen();
    assertThat(ann.tick("written offline", "delivered")).isVisible();

    // The server has it, but its answer never comes: the retry must not make a second one.
    AtomicBoolean deaf = new AtomicBoolean(true);
    ann.context()
        .routeWebSocket(
            SOCKET,
            route -> {
              WebSocketRoute server = route.connectToServer();
              server.onMessage(
                  frame -> {
                    if (!deaf.get() || !frame.text().contains("\"op\":\"sent\"")) {
                      route.send(frame.text());
                    }
                  });
            });
    ann.reopen();
    assertThat(ann.message("written offline")).isVisible();
    assertThat(ann.page().locator(".banner")).isHidden();
    ann.say("sent twice");
    bob.open("Ann");
    assertThat(bob.message("sent twice")).isVisible();
    assertThat(ann.tick("sent twice", "sending")).isVisible();
    deaf.set(false);
    ann.reopen();
    assertThat(ann.tick("sent twice", "read")).isVisible();
    assertThat(ann.message("sent twice")).hasCount(1);
    assertThat(bob.message("sent twice")).hasCount(1);
    // The tick may come before the answer that takes it out of the outbox.
    // The policy of the page forbids it to evaluate text itself, as Playwright's waitForFunction
    // would.
    await()
        .pollInSameThread()
        .until(
            () ->
                ann.page()
                    .evaluate("Object.keys(localStorage).filter(k => /outbox/.test(k)).length")
                    .equals(0));
    assertThat(ann.complaints()).isEmpty();
    assertThat(bob.complaints()).isEmpty();
  }

  /** The server's history has gone back: the client drops what it knows, once, and is fresh. */
  @Test
  void inAnotherEpochItStartsAfresh() {
    BrowserUser ann = person("Ann");
    BrowserUser bob = person("Bob");
    ann.startChat(bob);
    ann.say("before");
    assertThat(ann.tick("before", "delivered")).isVisible();

    List<String> hellos = new CopyOnWriteArrayList<>();
    List<Runnable> held = new CopyOnWriteArrayList<>();
    ann.context()
        .routeWebSocket(
            SOCKET,
            route -> {
              WebSocketRoute server = route.connectToServer();
              route.onMessage(
                  frame -> {
                    if (frame.text().contains("\"op\":\"hello\"")) {
                      hellos.add(frame.text());
                    }
                    server.send(frame.text());
                  });
              server.onMessage(
                  frame -> {
                    String text =
                        frame.text().replaceFirst("\"epoch\":\"[^\"]*\"", "\"epoch\":\"another\"");
                    if (hellos.size() == 1 && text.contains("another")) {
                      held.add(() -> route.send(text));
                    } else {
                      route.send(text);
                    }
                  });
            });
    ann.reopen();
    ann.page().waitForCondition(() -> !held.isEmpty());
    assertThat(ann.message("before")).isVisible();
    ann.input().fill("after");
    held.getFirst().run();
    // The page begins anew, and what was typed before that is still there.
    ann.page().waitForCondition(() -> hellos.size() == 2);
    assertThat(ann.page().locator(".banner")).isHidden();
    assertThat(ann.message("before")).isVisible();
    assertThat(ann.input()).hasValue("after");
    ann.button("Send").click();
    assertThat(ann.tick("after", "delivered")).isVisible();
    assertThat(hellos).hasSize(2);
    assertThat(hellos.get(0)).doesNotContain("fresh");
    assertThat(hellos.get(1)).contains("\"fresh\":true");

    // It knows that epoch now.
    ann.reopen();
    assertThat(ann.message("after")).isVisible();
    assertThat(ann.page().locator(".banner")).isHidden();
    assertThat(hellos).hasSize(3);
    assertThat(hellos.get(2)).doesNotContain("fresh");
    assertThat(ann.complaints()).isEmpty();
  }

  @Test
  void markupIsText() {
    String attack = "<img src=x onerror=\"window.hit=1;alert(1)\">";
    BrowserUser eve = person(attack);
    BrowserUser bob = person("Bob");
    eve.startChat(bob);
    eve.say(attack);
    assertThat(bob.row(attack)).isVisible();
    bob.open(attack);
    assertThat(bob.message(attack)).isVisible();
    bob.say("javascript:alert(1) https://example.org/<script>alert(1)</script>");
    assertThat(eve.page().locator(".message")).hasCount(2);
    eve.startGroup("<b onclick=alert(1)>group</b>", bob);
    eve.say("hello");
    assertThat(bob.row("<b onclick=alert(1)>group</b>")).isVisible();
    bob.picture("markup-is-text");
    for (BrowserUser browserUser : new BrowserUser[] {eve, bob}) {
      assertThat(browserUser.page().locator("img[src=x], b, #app script")).hasCount(0);
      assertThat(browserUser.page().locator("a:not([href^='https:']):not([href^='#/'])"))
          .hasCount(0);
      assertThat(browserUser.page().evaluate("window.hit === undefined")).isEqualTo(true);
      assertThat(browserUser.complaints()).isEmpty();
    }
  }

  @Test
  void messagesAreEditedDeletedAnsweredAndReactedTo() {
    BrowserUser ann = person("Ann");
    BrowserUser bob = person("Bob");
    ann.startChat(bob);
    ann.say("teh plan");
    ann.say("a secret");
    assertThat(ann.tick("a secret", "delivered")).isVisible();
    bob.open("Ann");

    ann.act("teh plan", "Edit");
    ann.input().fill("the plan");
    ann.button("Save").click();
    assertThat(bob.message("the plan").locator(".edited")).isVisible();
    assertThat(bob.message("teh plan")).hasCount(0);

    ann.act("a secret", "Delete");
    ann.button("Delete").click();
    assertThat(bob.page().getByText("This message was deleted")).isVisible();
    assertThat(bob.page().getByText("a secret")).hasCount(0);
    assertThat(bob.row("Ann").locator(".preview")).hasText("the plan");

    bob.act("the plan", "Reply");
    bob.say("agreed");
    assertThat(ann.message("agreed").locator(".quote")).containsText("the plan");

    ann.message("agreed").hover();
    ann.message("agreed")
        .getByRole(AriaRole.BUTTON, new Locator.GetByRoleOptions().setName("React"))
        .click();
    ann.picture("message-menu");
    ann.page()
        .getByRole(AriaRole.MENUITEMCHECKBOX, new Page.GetByRoleOptions().setName("React 👍"))
        .click();
    assertThat(bob.message("agreed").locator(".reaction")).containsText("👍");
    ann.message("agreed").locator(".reaction").click();
    assertThat(bob.message("agreed").locator(".reaction")).hasCount(0);

    // All of it again from history.
    bob.reopen();
    assertThat(bob.message("the plan").locator(".edited")).isVisible();
    assertThat(bob.page().getByText("This message was deleted")).isVisible();
    assertThat(bob.message("agreed").locator(".quote")).containsText("the plan");
    assertThat(ann.complaints()).isEmpty();
    assertThat(bob.complaints()).isEmpty();
  }

  @Test
  void groupsHaveMembersRolesAndNames() {
    BrowserUser ann = person("Ann");
    BrowserUser bob = person("Bob");
    BrowserUser cem = person("Cem");
    ann.startGroup("Hiking", bob);
    ann.say("Who comes?");
    bob.open("Hiking");
    assertThat(bob.message("Who comes?").locator(".sender")).hasText("Ann");
    bob.say("Me");
    assertThat(ann.message("Me").locator(".sender")).hasText("Bob");
    assertThat(ann.tick("Who comes?", "read")).isVisible();

    ann.page().locator(".chat-who").click();
    Locator dialog = ann.page().getByRole(AriaRole.DIALOG);
    // Half typed when news of the group arrives: it stays.
    dialog.getByLabel("Add people by username").fill(cem.username());
    dialog.getByLabel("Group name").fill("Climbing");
    ann.button("Rename").click();
    assertThat(bob.row("Climbing")).isVisible();
    assertThat(dialog.locator(".person-name")).hasText("Climbing");
    assertThat(dialog.getByLabel("Add people by username")).hasValue(cem.username());
    ann.button("Add members").click();
    assertThat(cem.row("Climbing")).isVisible();
    ann.picture("group");
    ann.button("Actions for Bob").click();
    ann.page()
        .getByRole(AriaRole.MENUITEM, new Page.GetByRoleOptions().setName("Make admin"))
        .click();
    assertThat(dialog.locator(".badge-role")).hasCount(2);
    ann.button("Close").click();

    cem.open("Climbing");
    cem.say("Thank you");
    assertThat(bob.message("Thank you").locator(".sender")).hasText("Cem");
    cem.page().locator(".chat-who").click();
    cem.button("Leave group").click();
    cem.button("Leave").click();
    assertThat(cem.row("Climbing")).hasCount(0);
    assertThat(bob.page().getByText(Pattern.compile("Cem.? left"))).isVisible();
    assertThat(bob.page().locator(".chat-status")).containsText("2 members");
    for (BrowserUser browserUser : new BrowserUser[] {ann, bob, cem}) {
      assertThat(browserUser.complaints()).isEmpty();
    }
  }

  @Test
  void unreadIsCountedAndTicksGoFromSentToRead() {
    BrowserUser ann = person("Ann");
    BrowserUser bob = person("Bob");
    ann.startChat(bob);
    bob.context().setOffline(true);
    assertThat(bob.page().locator(".banner")).isVisible();
    ann.say("one");
    ann.say("two");
    assertThat(ann.tick("two", "sent")).isVisible();
    bob.context().setOffline(false);
    assertThat(ann.tick("two", "delivered")).isVisible();
    assertThat(bob.row("Ann").locator(".unread")).containsText("2");
    assertThat(bob.page()).hasTitle("(2) Parley");
    bob.picture("unread");
    bob.reopen();
    assertThat(bob.row("Ann").locator(".unread")).containsText("2");
    bob.open("Ann");
    assertThat(ann.tick("one", "read")).isVisible();
    assertThat(ann.tick("two", "read")).isVisible();
    assertThat(bob.row("Ann").locator(".unread")).hasCount(0);
    assertThat(bob.page()).hasTitle("Parley");
    assertThat(ann.page().locator(".chat-status")).hasText("online");
    bob.input().pressSequentially("hm");
    assertThat(ann.page().locator(".chat-status")).hasText("typing…");
    assertThat(ann.complaints()).isEmpty();
    assertThat(bob.complaints()).isEmpty();
  }

  @Test
  void olderMessagesComeByScrolling() {
    BrowserUser ann = person("Ann");
    BrowserUser bob = person("Bob");
    ann.startChat(bob);
    for (int i = 1; i <= 120; i++) {
      ann.say("line " + i);
    }
    assertThat(ann.tick("line 120", "delivered")).isVisible();
    bob.open("Ann");
    assertThat(bob.message("line 120")).isVisible();
    assertThat(bob.message("line 1")).hasCount(0);
    Locator scroll = bob.page().locator(".scroll");
    while (bob.message("line 1").count() == 0) {
      int before = bob.page().locator(".message").count();
      scroll.evaluate("element => element.scrollTop = 0");
      assertThat(bob.page().locator(".message").nth(before)).isAttached();
    }
    assertThat(bob.page().locator(".message")).hasCount(120);
    assertThat(bob.page().locator(".day")).hasText(new String[] {"Today"});
    assertThat(bob.complaints()).isEmpty();
  }

  @Test
  void narrowScreensShowOnePaneAndNeverScrollSideways() {
    BrowserUser ann = person("Ann");
    BrowserUser bob =
        person(
            "Bob",
            new Browser.NewContextOptions()
                .setViewportSize(360, 740)
                .setIsMobile(true)
                .setHasTouch(true));
    noSidewaysScroll(bob);
    ann.startChat(bob);
    ann.say("W".repeat(400));
    ann.say("https://example.org/" + "path/".repeat(60));
    assertThat(bob.row("Ann")).isVisible();
    noSidewaysScroll(bob);
    bob.picture("phone-inbox");
    bob.row("Ann").tap();
    assertThat(bob.page().locator(".message")).hasCount(2);
    assertThat(bob.row("Ann")).isHidden();
    noSidewaysScroll(bob);
    bob.say("That is wide");
    assertThat(bob.tick("That is wide", "read")).isVisible();
    bob.picture("phone-chat");
    bob.button("Back to chats").tap();
    assertThat(bob.row("Ann")).isVisible();
    bob.button("New chat").tap();
    noSidewaysScroll(bob);
    bob.picture("phone-new-chat");
    assertThat(bob.complaints()).isEmpty();
  }

  @Test
  void aSecondTabWaitsAndCanTakeOver() {
    BrowserUser ann = person("Ann");
    BrowserUser bob = person("Bob");
    ann.startChat(bob);
    ann.say("hello");
    assertThat(ann.tick("hello", "delivered")).isVisible();
    Page second = ann.context().newPage();
    second.navigate(ann.page().url());
    second.getByRole(AriaRole.BUTTON, new Page.GetByRoleOptions().setName("Use here")).click();
    assertThat(second.locator(".message")).containsText("hello");
    assertThat(ann.button("Use here")).isVisible();
    second.close();
    assertThat(ann.message("hello")).isVisible();
    ann.button("Your profile").click();
    ann.button("Log out").click();
    assertThat(ann.button("Log in").first()).isVisible();
    ann.page().reload();
    assertThat(ann.button("Log in").first()).isVisible();
    assertThat(ann.complaints()).isEmpty();
  }

  @Test
  void everythingIsDoneByKeyboard() {
    BrowserUser ann = person("Ann");
    BrowserUser bob = person("Bob");
    ann.startChat(bob);
    ann.input().pressSequentially("one");
    ann.input().press("Shift+Enter");
    ann.input().pressSequentially("two");
    ann.input().press("Enter");
    assertThat(bob.row("Ann")).isVisible();
    bob.page().getByLabel("Search chats").press("ArrowDown");
    assertThat(bob.row("Ann")).isFocused();
    bob.page().keyboard().press("Enter");
    assertThat(bob.input()).isFocused();
    assertThat(bob.page().locator(".message .text")).hasText(Pattern.compile("one\ntwo"));
    bob.page().getByRole(AriaRole.REGION).press("ArrowUp");
    assertThat(bob.page().locator(".message")).isFocused();
    bob.page().keyboard().press("Enter");
    assertThat(bob.page().getByRole(AriaRole.MENU)).isVisible();
    bob.page().keyboard().press("Escape");
    assertThat(bob.page().getByRole(AriaRole.MENU)).hasCount(0);
    assertThat(bob.page().locator(".message")).isFocused();
    bob.page().keyboard().press("Escape");
    assertThat(bob.row("Ann")).isFocused();
    assertThat(bob.complaints()).isEmpty();
  }

  private static void noSidewaysScroll(BrowserUser browserUser) {
    assertThat(
            browserUser
                .page()
                .evaluate(
                    "Math.max(document.documentElement.scrollWidth, document.body.scrollWidth,"
                        + " ...[...document.querySelectorAll('.scroll, .rows-scroll, dialog')]"
                        + ".filter(e => e.clientWidth).map(e => e.scrollWidth - e.clientWidth + 360))"))
        .isEqualTo(360);
  }
}
