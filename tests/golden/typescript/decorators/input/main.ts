@Component({ selector: "app" })
@sealed
export class App {
  @Input() title: string;
  @Output()
  changed = new EventEmitter();

  @HostListener("click", ["$event"])
  onClick(@Inject(TOKEN) event: Event) {}
}

@plain class Other {}
export @late class Late {}
