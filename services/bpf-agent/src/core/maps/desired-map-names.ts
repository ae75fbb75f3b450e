/** Maps whose rows follow from the log, and name each other. */
export const desiredMapNames = ['lb_frontends', 'lb_slots', 'lb_tables', 'lb_source_ranges'] as const;
