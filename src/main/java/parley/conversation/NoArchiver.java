package parley.conversation;

/**
 * The archiving of a node without a cold tier: nothing is archived, and the promise of the calendar
 * stays as it was recovered. A request of the calendar is ignored. The calendar repeats it, until a
 * node that archives has the conversation.
 */
record NoArchiver(ConversationState state) implements ConversationArchiver {
  @Override
  public void recovered() {}

  @Override
  public void archiveRequested(long day) {}

  @Override
  public boolean mayLeave() {
    return true;
  }

  @Override
  public long promisedDay() {
    return state.archive().promisedDay();
  }

  @Override
  public ConversationEvent handle(ConversationArchiver.Message message) {
    throw new IllegalStateException("nothing is archived, but there is " + message);
  }

  @Override
  public void persisted(ConversationEvent event) {}

  @Override
  public void end() {}
}
